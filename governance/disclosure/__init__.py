"""MAY THIS RESULT LEAVE? Suppression, what an attacker can derive, anonymization, protected models. Pure."""
