"""The classes of accelerator."""

from __future__ import annotations

from schemas.base import ACCELERATOR_CLASSES
from stages.report.blocks import DataTable, Material
from stages.report.sections import catalogue


def test_every_class_has_its_question_and_counts(material: Material) -> None:
    classes, devices = catalogue.build(material).blocks
    assert isinstance(classes, DataTable)
    assert len(classes.rows) == len(ACCELERATOR_CLASSES)
    assert all(str(row[-1]).endswith("?") for row in classes.rows)
    gpu = classes.rows[0]
    assert gpu[1:4] == ["2", "6", "2"]
    assert isinstance(devices, DataTable)
    assert len(devices.rows) == 7
