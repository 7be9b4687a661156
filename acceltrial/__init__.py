"""acceltrial: a staged trial of accelerators.

The engine is a library that knows no orchestrator. Its parts are imported one by one
(`acceltrial.load`, `acceltrial.predict`, ...), so importing this package costs nothing.
"""

__version__ = "0.1.0"
