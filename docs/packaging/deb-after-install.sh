#!/bin/sh
# After the installation of the deb package. electron-builder fills in ${executable} and ${sanitizedProductName}.
set -e
app='/opt/${sanitizedProductName}'

ln -sf "$app/${executable}" '/usr/bin/${executable}'
ln -sf "$app/resources/bin/palimpsest" /usr/bin/palimpsest

# Always: whether user namespaces work for root, as whom this runs, says nothing about the person who starts the program.
# With the bit the sandbox works on every kernel; without it the program does not start where namespaces are restricted.
chown root:root "$app/chrome-sandbox"
chmod 4755 "$app/chrome-sandbox"

# Ubuntu 24.04 and newer also ask for a profile before a program may make user namespaces. Older versions cannot read it
# and need none.
if command -v apparmor_parser >/dev/null 2>&1 && apparmor_parser --skip-kernel-load --debug "$app/resources/apparmor-profile" >/dev/null 2>&1; then
  cp -f "$app/resources/apparmor-profile" '/etc/apparmor.d/${executable}'
  if ! { [ -x /usr/bin/ischroot ] && /usr/bin/ischroot; }; then
    apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
  fi
fi

command -v update-mime-database >/dev/null 2>&1 && update-mime-database /usr/share/mime || true
command -v update-desktop-database >/dev/null 2>&1 && update-desktop-database /usr/share/applications || true
exit 0
