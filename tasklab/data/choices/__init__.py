"""Questions of which one choice is right."""
