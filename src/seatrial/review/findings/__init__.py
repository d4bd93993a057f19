"""What a finished review has to say beside its verdicts, one module a finding."""
