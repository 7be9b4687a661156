"""The words of which prompts are made."""

from __future__ import annotations

# Frequent and short: one token each, with the space before, in nearly every vocabulary.
_TEXT = """
time year people way day man thing woman life child world school state family student group country
problem hand part place case week company system program question work government number night point
home water room mother area money story fact month lot right study book eye job word business issue
side kind head house service friend father power hour game line end member law car city community
name president team minute idea body information back parent face others level office door health
person art war history party result change morning reason research girl guy moment air teacher force
education good new first last long great little own other old big high different small large next
early young important few public bad same able go see get make know take come think look want give
use find tell ask seem feel try leave call keep let begin help show hear play run move like live
believe hold bring happen write provide sit stand lose pay meet include continue set learn lead
understand watch follow stop create speak read allow add spend grow open walk win offer remember
love consider appear buy wait serve die send expect build stay fall cut reach kill remain suggest
raise pass sell require report decide pull
"""

WORDS = tuple(_TEXT.split())
