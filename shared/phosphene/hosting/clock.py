"""How long a run has worked, and how long it waited for others."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """How long a run has worked and waited."""

    begun: float = field(default_factory=time.monotonic)
    waited: float = 0.0

    @property
    def seconds(self) -> float:
        """Since it was asked for."""
        return time.monotonic() - self.begun

    @property
    def worked(self) -> float:
        """Without what it waited."""
        return self.seconds - self.waited
