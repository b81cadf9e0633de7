#!/bin/sh
# After the removal of the deb package; undoes deb-after-install.sh. A person's projects and models are not touched.
profile='/etc/apparmor.d/${executable}'
# dpkg calls this for an upgrade too, when the new version has already put its own links and profile in place
[ "$1" = upgrade ] && exit 0
if [ -f "$profile" ]; then
  if command -v apparmor_parser >/dev/null 2>&1 && ! { [ -x /usr/bin/ischroot ] && /usr/bin/ischroot; }; then
    apparmor_parser --remove "$profile" || true
  fi
  rm -f "$profile"
fi
rm -f '/usr/bin/${executable}'
[ "$(readlink /usr/bin/palimpsest 2>/dev/null)" = '/opt/${sanitizedProductName}/resources/bin/palimpsest' ] && rm -f /usr/bin/palimpsest
exit 0
