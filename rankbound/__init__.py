"""rankbound: what the theory of ranking distillation says about your models."""
