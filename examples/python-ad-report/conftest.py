import sys
from pathlib import Path

# A project of yours has a copy of this file beside its tests instead.
sys.path.insert(0, str(Path(__file__).parents[2] / "clients/pytest"))

from bizauth_dev import *  # noqa: E402, F403 - fixtures are found by their names
