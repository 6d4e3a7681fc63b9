"""TODO promotion/common/yaml."""
