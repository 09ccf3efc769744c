"""What every stage stands on: records, settings, reasons, errors, logs and stopping."""
