"""Plugin of pytest: halves the time that nbval needs to start.

nbval imports jsonschema, and that imports a grammar of web addresses. It is built at each start, in more than a second,
and the schema of notebooks does not use it. Without this package, jsonschema does not check web addresses.
"""

import sys

sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # an import of it raises ImportError
