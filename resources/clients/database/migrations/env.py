"""How alembic runs the steps: on the connection that the caller opened, in that connection's one transaction."""

from alembic import context

import resources.clients.database.record_tables  # noqa: F401 - its tables are the schema's too
from resources.clients.database.schema import METADATA
from resources.clients.failpoints import reach

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    on_version_apply=lambda **_: reach("migrate.step"),
)
with context.begin_transaction():
    context.run_migrations()
