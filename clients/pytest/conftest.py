from bizauth_dev import *  # noqa: F403 - fixtures are found by their names
