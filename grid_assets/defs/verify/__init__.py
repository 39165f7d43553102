"""The verification stage: readings as received become verified readings, with what they replace kept."""
