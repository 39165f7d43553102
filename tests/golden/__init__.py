"""Tables as versions of this project left them, which every later version has to read as they were."""
