"""Keys, signatures and their verification, by gpg and gpgv."""
