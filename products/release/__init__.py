"""From a definition to a product on sale, and out of sale again: approvals, publishing, withdrawal (PRD-02, 06, 07)."""
