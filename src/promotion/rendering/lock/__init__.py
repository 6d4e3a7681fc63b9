"""promotion.lock: what an earlier run left, what can be reused, what a rollback holds."""
