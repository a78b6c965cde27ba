package cel

import (
	"fmt"
	"net/netip"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// addressFunctions are those of IP addresses and of networks in CIDR notation.
func addressFunctions() []celgo.EnvOption {
	ip := newKind(celgo.OpaqueType("net.IP"), func(a, b netip.Addr) bool { return a == b })
	cidr := newKind(celgo.OpaqueType("net.CIDR"), func(a, b netip.Prefix) bool { return a == b })
	return append(ipFunctions(ip), cidrFunctions(ip, cidr)...)
}

func ipFunctions(ip *kind[netip.Addr]) []celgo.EnvOption {
	is := func(name, id string, f func(netip.Addr) bool) celgo.EnvOption {
		return method(name, id, ip.Type, types.BoolType, func(a netip.Addr) ref.Val { return types.Bool(f(a)) })
	}
	return []celgo.EnvOption{
		celgo.Types(ip.Type),
		function("ip", "string_to_ip", types.StringType, ip.Type, func(text string) ref.Val {
			address, err := parseIP(text)
			if err != nil {
				return types.WrapErr(err)
			}
			return ip.of(address)
		}),
		function("isIP", "is_ip", types.StringType, types.BoolType, func(text string) ref.Val {
			_, err := parseIP(text)
			return types.Bool(err == nil)
		}),
		function("ip.isCanonical", "ip_is_canonical", types.StringType, types.BoolType, func(text string) ref.Val {
			address, err := parseIP(text)
			if err != nil {
				return types.WrapErr(err)
			}
			return types.Bool(address.String() == text)
		}),
		function("string", "ip_to_string", ip.Type, types.StringType, func(a netip.Addr) ref.Val { return types.String(a.String()) }),
		method("family", "ip_family", ip.Type, types.IntType, func(a netip.Addr) ref.Val {
			if a.Is4() {
				return types.Int(4)
			}
			return types.Int(6)
		}),
		is("isUnspecified", "ip_is_unspecified", netip.Addr.IsUnspecified),
		is("isLoopback", "ip_is_loopback", netip.Addr.IsLoopback),
		is("isLinkLocalMulticast", "ip_is_link_local_multicast", netip.Addr.IsLinkLocalMulticast),
		is("isLinkLocalUnicast", "ip_is_link_local_unicast", netip.Addr.IsLinkLocalUnicast),
		is("isGlobalUnicast", "ip_is_global_unicast", netip.Addr.IsGlobalUnicast),
	}
}

func cidrFunctions(ip *kind[netip.Addr], cidr *kind[netip.Prefix]) []celgo.EnvOption {
	containsIP := func(p netip.Prefix, a netip.Addr) ref.Val { return types.Bool(p.Contains(a)) }
	containsCIDR := func(p, other netip.Prefix) ref.Val { return types.Bool(p.Overlaps(other) && p.Bits() <= other.Bits()) }
	return []celgo.EnvOption{
		celgo.Types(cidr.Type),
		function("cidr", "string_to_cidr", types.StringType, cidr.Type, func(text string) ref.Val {
			prefix, err := parseCIDR(text)
			if err != nil {
				return types.WrapErr(err)
			}
			return cidr.of(prefix)
		}),
		function("isCIDR", "is_cidr", types.StringType, types.BoolType, func(text string) ref.Val {
			_, err := parseCIDR(text)
			return types.Bool(err == nil)
		}),
		function("string", "cidr_to_string", cidr.Type, types.StringType, func(p netip.Prefix) ref.Val { return types.String(p.String()) }),
		method2("containsIP", "cidr_contains_ip_ip", cidr.Type, ip.Type, types.BoolType, containsIP),
		method2("containsIP", "cidr_contains_ip_string", cidr.Type, types.StringType, types.BoolType, parsed(parseIP, containsIP)),
		method2("containsCIDR", "cidr_contains_cidr", cidr.Type, cidr.Type, types.BoolType, containsCIDR),
		method2("containsCIDR", "cidr_contains_cidr_string", cidr.Type, types.StringType, types.BoolType, parsed(parseCIDR, containsCIDR)),
		method("ip", "cidr_ip", cidr.Type, ip.Type, func(p netip.Prefix) ref.Val { return ip.of(p.Addr()) }),
		method("masked", "cidr_masked", cidr.Type, cidr.Type, func(p netip.Prefix) ref.Val { return cidr.of(p.Masked()) }),
		method("prefixLength", "cidr_prefix_length", cidr.Type, types.IntType, func(p netip.Prefix) ref.Val { return types.Int(p.Bits()) }),
	}
}

// parsed is f with a text in place of its second argument.
func parsed[A, B any](parse func(string) (B, error), f func(A, B) ref.Val) func(A, string) ref.Val {
	return func(a A, text string) ref.Val {
		b, err := parse(text)
		if err != nil {
			return types.WrapErr(err)
		}
		return f(a, b)
	}
}

// parseIP takes neither zones nor IPv4 addresses mapped into IPv6.
func parseIP(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return address, err
	case address.Zone() != "":
		return address, fmt.Errorf("got IP address %q, want one without a zone", text)
	case address.Is4In6():
		return address, fmt.Errorf("got IP address %q, want none that is mapped from IPv4", text)
	}
	return address, nil
}

func parseCIDR(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err == nil && prefix.Addr().Is4In6() {
		err = fmt.Errorf("got network %q, want none that is mapped from IPv4", text)
	}
	return prefix, err
}
