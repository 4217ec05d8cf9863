"""The compiled loops: arrays in, arrays filled; each held against ``detect.reference`` by the tests."""
