"""The rigs beside this file serve the tests of every room of the simulator: pytest puts its folder on the path."""
