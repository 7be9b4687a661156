"""Predictions of what nobody here owns: step times, intervals that hold, and refusals with reasons."""

from acceltrial.predict.case import ServingCase
from acceltrial.predict.device import Device
from acceltrial.predict.parameters import Parameters, load_parameters
from acceltrial.predict.serving import predict_serving, predict_single_pass, predict_spiking
from acceltrial.predict.shape import ModelShape
from acceltrial.predict.training import TrainingCase, predict_training

__all__ = [
    "Device",
    "ModelShape",
    "Parameters",
    "ServingCase",
    "TrainingCase",
    "load_parameters",
    "predict_serving",
    "predict_single_pass",
    "predict_spiking",
    "predict_training",
]
