"""What commands answer: small frozen values, made of what the workflows return."""
