"""What tests share: small real homes and landing zones, and processes that may be killed."""
