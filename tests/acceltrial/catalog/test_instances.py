"""The shipped table of instance types."""

from __future__ import annotations

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.instances import read_instances
from acceltrial.catalog.location import find_catalogue


def test_every_instance_holds_a_device_of_the_catalogue() -> None:
    folder = find_catalogue()
    instances = read_instances(folder, "aws")
    known = set(load_catalogue(folder).accelerators["accelerator"])
    assert {instance.accelerator for instance in instances.values()} <= known
    assert instances["trn2.48xlarge"].count == 16
    assert not read_instances(folder, "nobody")
