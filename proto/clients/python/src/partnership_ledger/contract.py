"""Every message and enum of the contract under one name: `from partnership_ledger import contract`, then `contract.Event`."""

from partnership.ledger.v1.audit_service_pb2 import *  # noqa: F403
from partnership.ledger.v1.events_pb2 import *  # noqa: F403
from partnership.ledger.v1.ledger_service_pb2 import *  # noqa: F403
from partnership.ledger.v1.partnership_service_pb2 import *  # noqa: F403
from partnership.ledger.v1.records_pb2 import *  # noqa: F403
from partnership.ledger.v1.terms_pb2 import *  # noqa: F403
from partnership.ledger.v1.webhook_service_pb2 import *  # noqa: F403
