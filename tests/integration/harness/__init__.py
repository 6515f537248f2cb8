"""What the tests with a whole daemon share: the daemon, simulated printers, MQTT, SQL, waiting."""
