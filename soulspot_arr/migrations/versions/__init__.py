"""One revision per release that changes the schema, each with a working downgrade."""
