"""The case file: a GeoPackage on SQLite, its journal, import and export."""
