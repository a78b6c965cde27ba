package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// requests are the AdmissionReviews for objects: of every other one an update. An API
// server adds to the objects what a user does not write.
func requests(objects []*unstructured.Unstructured) ([][]byte, error) {
	bodies := make([][]byte, len(objects))
	for i, o := range objects {
		uid := fmt.Sprintf("705ab4f5-6393-11e8-b7cc-%012d", i)
		kind := map[string]any{"group": o.GroupVersionKind().Group, "version": o.GroupVersionKind().Version, "kind": o.GetKind()}
		resource := map[string]any{"group": kind["group"], "version": kind["version"], "resource": strings.ToLower(o.GetKind()) + "s"}
		request := map[string]any{
			"uid": uid, "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
			"name": o.GetName(), "namespace": o.GetNamespace(), "operation": "CREATE", "dryRun": false,
			"userInfo": map[string]any{"username": "system:serviceaccount:delivery:deployer", "uid": uid, "groups": []string{"system:serviceaccounts", "system:serviceaccounts:delivery", "system:authenticated"}},
			"object":   served(o, uid, 2).Object, "oldObject": nil,
			"options": map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions", "fieldManager": "helm"},
		}
		if i%2 == 1 {
			request["operation"], request["oldObject"] = "UPDATE", served(o, uid, 1).Object
		}
		var err error
		if bodies[i], err = json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}

// served is an object as an API server hands it out.
func served(o *unstructured.Unstructured, uid string, generation int64) *unstructured.Unstructured {
	o = o.DeepCopy()
	metadata := o.Object["metadata"].(map[string]any)
	metadata["uid"], metadata["creationTimestamp"], metadata["generation"] = uid, "2026-03-02T09:21:47Z", generation
	metadata["resourceVersion"] = fmt.Sprint(481516 + generation)
	fields := map[string]any{}
	for _, field := range []string{"containers", "nodeSelector", "serviceAccountName", "terminationGracePeriodSeconds", "volumes", "automountServiceAccountToken"} {
		fields["f:"+field] = map[string]any{".": map[string]any{}, "f:name": map[string]any{}, "f:value": map[string]any{}}
	}
	metadata["managedFields"] = []any{map[string]any{
		"manager": "helm", "operation": "Update", "apiVersion": o.GetAPIVersion(), "time": "2026-03-02T09:21:47Z",
		"fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:metadata": map[string]any{"f:labels": fields}, "f:spec": fields},
	}}
	return o
}
