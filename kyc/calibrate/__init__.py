"""From labelled pictures to thresholds with intervals: measured by a deployer on data of their own (KYC-05 to 07)."""
