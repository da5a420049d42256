"""The domains' ports, built once by the composition root and handed to routes."""

from dataclasses import dataclass

import esign.flow
import kyc.flow
import products.flow

import kyc.access.flow
from kyc.access.staff import Accounts


@dataclass(frozen=True)
class Rooms:
    accounts: Accounts
    access: kyc.access.flow.Ports
    identity: kyc.flow.Ports
    products: products.flow.Ports
    esign: esign.flow.Ports
