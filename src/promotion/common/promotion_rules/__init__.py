"""TODO promotion/common/promotion_rules."""
