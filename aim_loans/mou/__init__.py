"""The joint work with SMEDA: formalisation, hand-holding, outcomes, the joint statement."""
