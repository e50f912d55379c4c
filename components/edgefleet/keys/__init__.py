"""Keys: derived secrets, certificates, the PKIs of sites and hub. Pure."""
