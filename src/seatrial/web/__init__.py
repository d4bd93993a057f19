"""What every web application of the project stands on."""
