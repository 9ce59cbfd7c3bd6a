"""Small facts that wait behind a day's payments"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fresh = sa.text("state = 'waiting' AND kind = 'facts' AND tries = 0")
    op.create_index("outbox_fresh_facts", "outbox", ["next_at"], postgresql_where=fresh)


def downgrade() -> None:
    op.drop_index("outbox_fresh_facts", "outbox")
