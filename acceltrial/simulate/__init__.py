"""A continuous-batching server simulated request by request, from step times to percentiles."""

from acceltrial.simulate.configuration import Router, Server, StepTimes
from acceltrial.simulate.load import Load, load_of
from acceltrial.simulate.simulation import Simulation, simulate

__all__ = ["Load", "Router", "Server", "Simulation", "StepTimes", "load_of", "simulate"]
