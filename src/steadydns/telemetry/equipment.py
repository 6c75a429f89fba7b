"""All that tells of lookups, put together; loaded by the observer when there is first something to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadydns.telemetry.log import Journal
from steadydns.telemetry.metrics import Durations
from steadydns.telemetry.names import Names
from steadydns.telemetry.reason import notable, used_network
from steadydns.telemetry.spans import Spans

if TYPE_CHECKING:
    from steadydns.config import Config


class Equipment:
    """The spans, the metric and the log of one configuration, and what decides between them."""

    notable = staticmethod(notable)
    used_network = staticmethod(used_network)

    def __init__(self, config: Config) -> None:
        self.names = Names(config)
        self.spans = Spans(config, self.names)
        self.durations = Durations(self.names)
        self.journal = Journal()
