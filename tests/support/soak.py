"""How long, and with which chance, what is left to chance is tried.

A run of all tests makes the same choices each time, so that it says something about the change that it is run for. `make soak`
makes others, and more: BUOY_SOAK multiplies the rounds, BUOY_SEED repeats a run.
"""

import os
import random

ROUNDS = int(os.environ.get("BUOY_SOAK", "1"))
SOAKS = "BUOY_SOAK" in os.environ
SEED = int(os.environ.get("BUOY_SEED", "0")) or (random.SystemRandom().randrange(1, 1 << 32) if SOAKS else 1)


def chance(what: str) -> random.Random:
    """Seeded chance for one test; the seed stands in what a failed test printed."""
    print(f"BUOY_SEED={SEED} BUOY_SOAK={ROUNDS}: {what}")  # noqa: T201 - pytest shows it with the failure
    return random.Random(f"{SEED} {what}")
