# What a machine gets: `make install`, `uninstall`, `deb`. Included by the Makefile.
#
#   make install [PREFIX=/usr/local] [LIBDIR=$(PREFIX)/lib] [DESTDIR=folder]
#                [BASHDIR=$(PREFIX)/share/bash-completion/completions] [ZSHDIR=$(PREFIX)/share/zsh/site-functions]
#                [FISHDIR=$(PREFIX)/share/fish/vendor_completions.d]

LIBDIR  ?= $(PREFIX)/lib
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
INSTALL = install -D -m
MAN     = $(PREFIX)/share/man
MODELS  = $(wildcard weights/models/*.fid)

# What `faceid model get` runs: weights/get and the converter, without what only checks it.
GETTER  = weights/get weights/fetch.py weights/SOURCES $(wildcard convert/cards/*.toml) \
          $(filter-out convert/check_% convert/reference%,$(wildcard convert/*.py))
GETDIR  = $(PREFIX)/lib/faceid

HEADERS = engine/fid.h $(wildcard engine/fid/*.h)

# Files that are installed; `uninstall` removes these and nothing else.
INSTALLED = $(PREFIX)/bin/faceid $(HEADERS:engine/%=$(PREFIX)/include/%) $(LIBDIR)/libfaceid.a $(LIBDIR)/libfaceid.so \
            $(LIBDIR)/$(SONAME) $(LIBDIR)/libfaceid.so.$(VERSION) $(LIBDIR)/pkgconfig/faceid.pc \
            $(MAN)/man1/faceid.1 $(MAN)/man3/libfaceid.3 $(BASHDIR)/faceid $(ZSHDIR)/_faceid \
            $(FISHDIR)/faceid.fish \
            $(GETTER:%=$(GETDIR)/%) $(MODELS:weights/models/%=$(PREFIX)/share/faceid/%)

$(BUILD)/libfaceid.3: $(HEADERS) engine/examples/who.c app/man/make_library_page $(BUILD)/flags
	$(Q)$(PYTHON) app/man/make_library_page >$@

# A program that is linked with the library starts once the dynamic linker knows of it.
REMEMBER = if [ "$$(id -u)" = 0 ]; then ldconfig; else echo "Programs find the library after: sudo ldconfig"; fi

.PHONY: install uninstall deb
install: program $(BUILD)/libfaceid.a $(BUILD)/libfaceid.so $(BUILD)/faceid.pc $(BUILD)/libfaceid.3
	$(INSTALL) 755 $(BUILD)/faceid $(DESTDIR)$(PREFIX)/bin/faceid
	for f in $(HEADERS:engine/%=%); do $(INSTALL) 644 engine/$$f $(DESTDIR)$(PREFIX)/include/$$f || exit 1; done
	$(INSTALL) 644 $(BUILD)/libfaceid.a $(DESTDIR)$(LIBDIR)/libfaceid.a
	$(INSTALL) 755 $(BUILD)/libfaceid.so $(DESTDIR)$(LIBDIR)/libfaceid.so.$(VERSION)
	ln -sf libfaceid.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libfaceid.so
	$(INSTALL) 644 $(BUILD)/faceid.pc $(DESTDIR)$(LIBDIR)/pkgconfig/faceid.pc
	$(INSTALL) 644 app/man/faceid.1 $(DESTDIR)$(MAN)/man1/faceid.1
	$(INSTALL) 644 $(BUILD)/libfaceid.3 $(DESTDIR)$(MAN)/man3/libfaceid.3
	$(INSTALL) 644 app/package/faceid.bash $(DESTDIR)$(BASHDIR)/faceid
	$(INSTALL) 644 app/package/_faceid $(DESTDIR)$(ZSHDIR)/_faceid
	$(INSTALL) 644 app/package/faceid.fish $(DESTDIR)$(FISHDIR)/faceid.fish
	for f in $(GETTER); do $(INSTALL) 644 "$$f" "$(DESTDIR)$(GETDIR)/$$f" || exit 1; done
	sed -i '1{/^#!/d}' $(DESTDIR)$(GETDIR)/weights/get $(DESTDIR)$(GETDIR)/convert/convert.py # faceid starts them
	for f in $(MODELS); do $(INSTALL) 644 "$$f" "$(DESTDIR)$(PREFIX)/share/faceid/$${f##*/}" || exit 1; done
	$(if $(DESTDIR),,@$(REMEMBER))

# Models of an earlier clone, or somebody's own, stay: which they are nobody knows, so they are told.
SHARE = $(DESTDIR)$(PREFIX)/share/faceid
uninstall:
	rm -f $(INSTALLED:%=$(DESTDIR)%)
	@rmdir $(DESTDIR)$(PREFIX)/include/fid 2>/dev/null || true
	@for d in weights convert/cards convert ""; do rmdir $(DESTDIR)$(GETDIR)/$$d 2>/dev/null || true; done
	@test ! -d $(SHARE) || rmdir $(SHARE) 2>/dev/null || \
	    { echo "Left there, for they are no models of this clone:"; find $(SHARE) -mindepth 1 | sort; }

# Debian packages for this machine's architecture: faceid, libfaceid$(basename $(VERSION)) and
# libfaceid-dev, in $(BUILD). Models are not part of them: the weights have licences of their own.
DEB_LIBDIR = /usr/lib/$(shell dpkg-architecture -qDEB_HOST_MULTIARCH)
deb:
	@rm -rf $(BUILD)/deb
	$(Q)$(MAKE) --no-print-directory install PREFIX=/usr LIBDIR=$(DEB_LIBDIR) MODELS= \
	    ZSHDIR=/usr/share/zsh/vendor-completions DESTDIR=$(abspath $(BUILD))/deb/root >/dev/null
	$(Q)app/package/make_deb $(BUILD)/deb $(VERSION) $(DEB_LIBDIR) $(BUILD)
