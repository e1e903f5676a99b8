"""The promises of the contract under load and faults: recorded histories, judged after the fact."""
