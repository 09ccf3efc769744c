"""What every stage stands on: records, artifacts, the store, settings, errors and logs."""
