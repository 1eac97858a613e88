// Rules over cdn_optimization, and over two delivery networks at once.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

const Node& cloudfront(const Document& document) { return document.root.at_path("cdn_optimization.cloudfront"); }

void check_post_redirect(const Document& document, Findings& findings) {
  for (const Entry& entry : cloudfront(document)["behaviors"].entries) {
    const Node& policy = entry.value["viewer_protocol_policy"];
    if (!policy.is_scalar() || policy.text == "https-only") continue;
    const auto& methods = entry.value["allowed_methods"].items;
    const bool carries_body = std::ranges::any_of(methods, [](const Node& method) {
      return method.text == "POST" || method.text == "PUT" || method.text == "PATCH" || method.text == "DELETE";
    });
    if (!carries_body) continue;
    findings.at(policy,
                entry.key + " accepts requests with a body and " + policy.text +
                    ": the body has crossed the network in clear before " +
                    (policy.text == "allow-all" ? "anybody notices" : "the redirect is sent"),
                "use https-only here, and HSTS");
  }
}

void check_invalidates_uncached(const Document& document, Findings& findings) {
  const Node& cdn = cloudfront(document);
  std::vector<std::string> uncached;
  const auto note = [&](const Node& node) {
    const auto ttl = duration_of(node["ttl"]);
    const bool off = (ttl && *ttl == Nanos{0}) || (node["caching"].exists() && !flag_of(node["caching"], true));
    if (off && node["path_pattern"].is_scalar()) uncached.push_back(node["path_pattern"].text);
  };
  for (const Node& origin : cdn["origins"].items) note(origin);
  for (const Entry& entry : cdn["behaviors"].entries) note(entry.value);
  for (const Node& path : cdn["invalidation"]["paths"].items) {
    const bool never_cached =
        std::ranges::any_of(uncached, [&](const std::string& pattern) { return glob_matches(pattern, path.text); });
    if (never_cached) {
      findings.at(path, "'" + path.text + "' is invalidated, but never cached",
                  "drop it; each path beyond 1,000 costs");
    }
  }
}

void check_compress_uncached(const Document& document, Findings& findings) {
  for (const Entry& entry : cloudfront(document)["behaviors"].entries) {
    const auto ttl = duration_of(entry.value["ttl"]);
    const bool off =
        (entry.value["caching"].exists() && !flag_of(entry.value["caching"], true)) || (ttl && *ttl == Nanos{0});
    if (!off || !flag_of(entry.value["compress"])) continue;
    findings.at(entry.value["compress"],
                entry.key +
                    " compresses with caching off: CloudFront compresses only through a cache policy that enables "
                    "gzip or brotli",
                "compress at the origin");
  }
}

void check_origin_keys(const Document& document, Findings& findings) {
  const Node& cdn = cloudfront(document);
  const auto& behaviors = cdn["behaviors"].entries;
  const auto served = [&](const std::string& pattern) {
    return std::ranges::any_of(behaviors, [&](const Entry& b) { return b.value["path_pattern"].text == pattern; });
  };
  for (const Node& origin : cdn["origins"].items) {
    for (const std::string_view key : {"path_pattern", "ttl"}) {
      const Node& node = origin[key];
      if (!node.exists()) continue;
      std::string message =
          std::string(key) + " stands under the origin " + origin["domain"].text + ", but belongs to a cache behaviour";
      if (key == "path_pattern" && !served(node.text)) message += "; no behaviour serves " + node.text;
      findings.at_key(node, std::move(message), "give a behaviour path_pattern, origin and ttl, in order");
    }
  }
}

void check_origin_used(const Document& document, Findings& findings) {
  const Node& cdn = cloudfront(document);
  const auto& origins = cdn["origins"].items;
  const auto& behaviors = cdn["behaviors"].entries;
  const bool linked = std::ranges::any_of(behaviors, [](const Entry& b) { return b.value["origin"].exists(); });
  if (!linked) return;
  const auto same = [](const Node& origin, const std::string& name) {
    return origin["id"].text == name || origin["domain"].text == name;
  };
  for (const Entry& behavior : behaviors) {
    const Node& name = behavior.value["origin"];
    if (!name.is_scalar() || std::ranges::any_of(origins, [&](const Node& o) { return same(o, name.text); })) continue;
    findings.at(name, "no origin is called '" + name.text + "'", "use an origin's id or domain");
  }
  for (const Node& origin : origins) {
    const bool used = std::ranges::any_of(
        behaviors, [&](const Entry& b) { return b.value["origin"].exists() && same(origin, b.value["origin"].text); });
    if (!used) findings.at(origin, "no behaviour serves from " + origin["domain"].text, "add one, or drop the origin");
  }
}

void check_two_networks(const Document& document, Findings& findings) {
  struct Network {
    std::string_view word, name;
  };
  static constexpr std::array<Network, 5> kNetworks{{{"cloudflare", "Cloudflare"},
                                                     {"fastly", "Fastly"},
                                                     {"akamai", "Akamai"},
                                                     {"cloudfront", "CloudFront"},
                                                     {"front door", "Azure Front Door"}}};
  std::string first = cloudfront(document).exists() ? "CloudFront" : "";
  for (const Entry& layer : document.root["security_layers"].entries) {
    for (const Node& item : layer.value.items) {
      for (const Network& network : kNetworks) {
        if (!mentions(item.text, {network.word}) || first == network.name) continue;
        if (first.empty()) {
          first = network.name;
          continue;
        }
        findings.at(item,
                    std::string(network.name) + " stands in front besides " + first +
                        ": client addresses, rate limits, country blocks and TLS see the other network only",
                    "use one of them, or trust the other's X-Forwarded-For by a list");
      }
    }
  }
}

}  // namespace

std::span<const Rule> cdn_rules() {
  static constexpr std::array kRules{
      Rule{"cdn.post-before-redirect", Severity::Warning, 42, "Bodies in clear before the redirect",
           "A redirect to HTTPS answers a request that was sent already, with its body and cookies. For paths that "
           "accept POST, PUT, PATCH or DELETE use https-only, and HSTS (RFC 6797) for browsers.",
           check_post_redirect},
      Rule{"cdn.invalidates-uncached", Severity::Warning, 43, "Paths are invalidated that no cache holds",
           "An invalidation of what is never cached does nothing and counts towards the 1,000 free paths of a month. "
           "Put "
           "a hash into file names instead of invalidating them. Source: CloudFront Developer Guide, invalidating "
           "files.",
           check_invalidates_uncached},
      Rule{"cdn.compress-uncached", Severity::Warning, 44, "Compression that does not happen",
           "CloudFront compresses only where the cache policy enables gzip or brotli and the TTL is above 0; the "
           "managed "
           "policy CachingDisabled has neither. Source: CloudFront Developer Guide, serving compressed files.",
           check_compress_uncached},
      Rule{
          "cdn.behaviour-under-origin", Severity::Error, 45, "Behaviour settings under an origin",
          "An origin says where content comes from; path patterns and TTLs belong to cache behaviours, which are tried "
          "in order. Source: CloudFront Developer Guide, cache behavior settings.",
          check_origin_keys},
      Rule{"cdn.origin-unlinked", Severity::Warning, 45, "Origins and behaviours that do not meet",
           "Each behaviour names its origin, and an origin that none names serves nothing.", check_origin_used},
      Rule{"cdn.two-networks", Severity::Warning, 46, "Two delivery networks in a row",
           "Behind another network's proxy, the inner one sees that proxy's addresses instead of the clients': rate "
           "limits, country blocks, TLS settings and the firewall's address rules stop working. Use one, or pass the "
           "client's address by a trusted X-Forwarded-For.",
           check_two_networks},
  };
  return kRules;
}

}  // namespace mamori::spec
