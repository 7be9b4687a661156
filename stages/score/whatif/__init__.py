"""The last evaluation decided again under suppositions: prices, volume, utilisation, quality, people's work.

Only options that a supposition touches are computed again, by the stage's own code and without draws;
all others keep the scores that the tables hold. Latency per replica, classes and rules stay as they were.
"""

from stages.score.whatif.deciding import INPUTS, OUTPUTS, decide_again
from stages.score.whatif.keys import known_keys

__all__ = ["INPUTS", "OUTPUTS", "decide_again", "known_keys"]
