"""The audit's seals, the rows that wait for one, and nobody who may change either"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# For whatever role, superusers and owners as well. For each statement: one that meets no row is refused, too.
REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
GUARD = """
CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
"""
# Also while a subscription or a restore applies changes.
ALWAYS = "ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_stands"

# Whoever was given them: by hand, by default privileges, by owning the table.
REVOKE = """
DO $$
DECLARE granted record;
BEGIN
  FOR granted IN
    SELECT c.oid::regclass AS tab, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS grantee
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.oid IN ('audit'::regclass, 'audit_seal'::regclass)
      AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
    GROUP BY 1, 2
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %s', granted.tab, granted.grantee);
  END LOOP;
END $$
"""

# What is on the list is sealed soon, in whatever order transactions commit. A restore may run without a search path.
WAIT = """
CREATE FUNCTION audit_wait() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO audit_waiting (audit_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""
WAITS = "CREATE TRIGGER audit_waits AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_wait()"


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("audit_seal_hash_is_whole")),
        sa.CheckConstraint("position >= 1", name=op.f("audit_seal_position_counts_from_one")),
        sa.PrimaryKeyConstraint("position", name=op.f("audit_seal_pkey")),
        sa.UniqueConstraint("audit_id", name=op.f("audit_seal_audit_id_unique")),
    )
    op.create_table(
        "audit_waiting",
        sa.Column("audit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        # What is in the audit already begins to wait now, however old it is.
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("audit_waiting_pkey")),
    )
    op.execute(WAIT)
    # From here on nobody writes to the audit until this commits, so the list below lacks no row.
    op.execute(WAITS)
    op.execute("INSERT INTO audit_waiting (audit_id) SELECT id FROM audit")
    op.execute(REFUSE)
    for table in ("audit", "audit_seal"):
        op.execute(GUARD.format(table=table))
        op.execute(ALWAYS.format(table=table))
    op.execute(REVOKE)


def downgrade() -> None:
    op.execute("GRANT UPDATE, DELETE, TRUNCATE ON audit TO CURRENT_USER")
    op.execute("DROP TRIGGER audit_stands ON audit")
    op.execute("DROP TRIGGER audit_waits ON audit")
    op.drop_table("audit_waiting")
    op.drop_table("audit_seal")
    op.execute("DROP FUNCTION audit_wait()")
    op.execute("DROP FUNCTION audit_refuse()")
