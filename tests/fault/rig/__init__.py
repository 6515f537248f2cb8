"""What the tests of faults share: load whose every acknowledgement is known, commands that are asked
until they are answered, victims, moments, and the oracle."""
